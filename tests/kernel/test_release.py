"""Release strings tell whose kernel it is, and what that vendor is known to have changed."""

import pytest

from pfnscope.kernel.vendors import parse_release


@pytest.mark.parametrize(
    ("text", "vendor", "build"),
    [
        ("4.18.0-348.2.1.el8_5.x86_64", "RHEL", (348, 2, 1)),
        ("4.14.35-2047.510.5.5.el7uek.x86_64", "Oracle UEK", (2047, 510, 5, 5)),
        ("4.14.77-81.59.amzn2.x86_64", "Amazon Linux", (81, 59)),
        ("5.4.0-1051-azure", "Ubuntu", (1051,)),
        ("5.14.21-150400.14.31-azure", "SUSE", (150400, 14, 31)),
        ("4.12.14-lp151.28.20-default", "SUSE", (151, 28, 20)),
        ("6.1.0-0.deb11.5-cloud-amd64", None, ()),
        ("5.10.0-30-amd64", "Debian", ()),
        ("4.19.0+1", "XenServer", ()),
        ("6.19.0+", None, ()),
        ("5.10.43-android12-9-g0123456789ab", "Android", ()),
        ("4.17.0-rc6-mm1", None, ()),
    ],
)
def test_a_release_string_names_vendor_and_build(text: str, vendor: str | None, build: tuple[int, ...]) -> None:
    release = parse_release(text)
    assert release
    assert (release.vendor, release.build) == (vendor, build)


@pytest.mark.parametrize(
    ("text", "acts_like"),
    [
        ("2.6.32-642.6.2.el6.x86_64", (2, 6, 39)),
        ("3.10.0-327.el7.x86_64", (3, 10, 0)),
        ("3.10.0-1160.45.1.el7.x86_64", (4, 4, 0)),
        ("4.18.0-147.5.1.el8_1.x86_64", (5, 0, 0)),
        ("4.18.0-240.el8.x86_64", (5, 7, 0)),
        ("4.18.0-553.el8_10.x86_64", (5, 11, 0)),
        ("5.14.0-362.el9.x86_64", (5, 14, 0)),
        ("4.18.5", (4, 18, 5)),
    ],
)
def test_a_vendors_build_acts_like_the_release_that_it_took_its_struct_pages_from(
    text: str, acts_like: tuple[int, int, int]
) -> None:
    release = parse_release(text)
    assert release
    assert release.acts_like == acts_like


def test_ubuntus_banner_tells_the_stable_release() -> None:
    banner = (
        "Linux version 5.4.0-84-generic (buildd@l) (gcc version 9.3.0 (Ubuntu 9.3.0-17ubuntu1~20.04))"
        " #94-Ubuntu SMP Thu (Ubuntu 5.4.0-84.94-generic 5.4.133)"
    )
    release = parse_release("5.4.0-84-generic", banner)
    assert release
    assert (release.stable, release.stable_known, release.backports) == ((5, 4, 133), True, False)
