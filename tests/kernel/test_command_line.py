"""Command lines are split as the kernel splits them."""

from hypothesis import given
from hypothesis import strategies as st

from pfnscope.kernel.boot_loaders import quoting
from pfnscope.kernel.command_line import arguments


def test_names_values_and_columns() -> None:
    words = arguments('ro  memmap=1G!4G dyndbg="file a.c +p" movable-node')
    assert [(a.name, a.value, a.column) for a in words] == [
        ("ro", None, 0),
        ("memmap", "1G!4G", 4),
        ("dyndbg", "file a.c +p", 17),
        ("movable_node", None, 38),
    ]
    assert [a.text for a in words if a.shapes_memory] == ["memmap=1G!4G", "movable-node"]


@given(st.text(max_size=80))
def test_every_argument_stands_where_it_says(line: str) -> None:
    assert all(line[a.column :].startswith(a.text) for a in arguments(line))


def test_a_boot_loader_that_eats_a_dollar_is_given_more_than_one_backslash() -> None:
    words = quoting("quiet memmap=64M$2G")
    assert r"quiet memmap=64M\\\$2G in /etc/default/grub" in words
    assert r"quiet memmap=64M\$2G in grub.cfg" in words
    assert quoting("quiet memmap=1G!4G") == ""
