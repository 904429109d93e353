"""Pages are made without a server: nothing that speaks HTTP or reads a database has to be installed."""

import subprocess
import sys

CODE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"fastapi", "starlette", "pydantic", "pydantic_settings", "uvicorn", "sqlalchemy"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())

from pfnscope.drawing import scene
from pfnscope.pages.bars import Drawn
from pfnscope.pages.layout import LayoutAddress, layout_page
from pfnscope.pages.subjects import of_sample
from pfnscope.pages.templates import Templates
from pfnscope.service import Options
from pfnscope.service.whatif import ask

subject = of_sample("oops-1g-4g", Options())
answer = ask(subject.text)
drawn = Drawn(scene.of(answer.today), answer.today, answer=answer)
print(layout_page(Templates("static/{}".format), subject, answer, drawn, LayoutAddress(), ""))
"""


def test_the_page_of_a_sample_is_made_where_no_server_is_installed() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '<link rel="stylesheet" href="static/page.css">' in done.stdout
    assert 'id="bars"' in done.stdout
    assert done.stdout.rstrip().endswith("</html>")
