"""How much of a deferred node is initialised early, by release."""

from pfnscope.kernel.deferral import deferral, kept_zone_number, walked_early

SECTION = 0x8000


def test_a_section_since_4_17_and_2_gib_or_a_256th_of_the_node_before() -> None:
    old, new = deferral((4, 16, 13)), deferral((4, 17, 0))
    assert old
    assert new
    assert walked_early(new, 1 << 28, SECTION, 4096) == SECTION
    assert walked_early(old, 1 << 20, SECTION, 4096) == (2 << 30) // 4096
    assert walked_early(old, 1 << 28, SECTION, 4096) == 1 << 20


def test_the_number_of_no_zone_is_kept_where_it_has_no_more_bits_than_the_zones() -> None:
    assert [kept_zone_number(zones) for zones in (2, 3, 4, 5, 6)] == [0, None, 0, None, None]
