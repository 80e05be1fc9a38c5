"""What is said of an engine's fault: true of it, and with a way out."""

import pytest

from kpidsl.evaluate.engine import EngineError
from kpidsl.evaluate.faults import failure
from tests.evaluate.world import spec

SPEC = spec("orders", {"day": "day"}, time="day")


@pytest.mark.parametrize(
    ("fault", "words", "code", "message", "help_"),
    [
        ("driver", "pip install 'kpidsl[spark]'", "K530", "needs a library", "`pip install 'kpidsl[spark]'`"),
        ("java", "no `java` is found by PATH", "K530", "needs Java 17 or newer", "`JAVA_HOME` names"),
        ("connection", "FATAL: password authentication failed", "K531", "no connection to `c`", "as whom"),
    ],
)
def test_a_fault_of_a_connection(fault, words, code, message, help_):
    said = failure(EngineError(fault, words), SPEC, "c")
    assert (said.code, said.place) == (code, "connection c")
    assert message in said.message
    assert said.help is not None
    assert help_ in said.help
    assert words in (*said.notes, said.help.split("` installs")[0].lstrip("`"))
    assert "library" not in said.message or fault == "driver"
