"""Labels of the bars where many stand beside each other."""

from itertools import pairwise

from tests.page.driving import Open, wait_live
from tests.page.test_first_screen import eight_nodes

BOXES = """() => {
  const plot = document.querySelector("#plot").getBoundingClientRect();
  return [...document.querySelectorAll("#plot .live .bartext")].filter((text) => text.textContent).map((text) => {
    const { left, right, top, bottom } = text.getBoundingClientRect();
    return { words: text.textContent, row: Math.floor((top - plot.top - 26) / 31), left, right,
      inside: left >= plot.left && right <= plot.right && top >= plot.top && bottom <= plot.bottom };
  });
}"""


def test_eight_nodes_and_their_zones_keep_their_labels(address: str, open_page: Open) -> None:
    """On a laptop by name, on a phone by number; none is cut, and none lies on another of its lane."""
    page = open_page(1366)
    answer = page.request.post(f"{address}/", multipart={"log": eight_nodes()}, max_redirects=0)
    for width, forms in ((1366, ("node {}", "Normal · node {}")), (390, ("{}", "{}"))):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(address + answer.headers["location"].partition("#")[0])
        wait_live(page)
        names = page.locator("#bars .names b").all_text_contents()
        boxes = page.evaluate(BOXES)
        for lane, form in zip(("Nodes", "Zones"), forms, strict=True):
            own = sorted((box for box in boxes if box["row"] == names.index(lane)), key=lambda box: box["left"])
            words = [box["words"] for box in own]
            for node in range(8):
                assert any(text.startswith(form.format(node)) for text in words), (width, lane, node, words)
            assert all(box["inside"] for box in own)
            assert all(one["right"] <= other["left"] for one, other in pairwise(own)), own
