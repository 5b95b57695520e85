"""Collects what each call of a published SDK gave, one JSON line a call, for test/sdk/run.ts to print and to judge."""

import inspect
import json
import os
import sys
import traceback
from importlib.metadata import version

SERVER = json.loads(os.environ["PALIMPSEST_SDK_TEST"])
_called = set()


class Report:
    """Checks of one package. `check` runs a function that asserts, and says in a few words what came."""

    def __init__(self, package):
        self.package = package
        self.version = version(package)

    def check(self, method, call, run):
        _called.add(method)
        try:
            result, failed = run(), None
        except Exception:  # a check that fails must not keep the others from running
            result, failed = traceback.format_exc(limit=-3), True
        line = dict(package=self.package, version=self.version, method=method, call=call)
        print(json.dumps({**line, "result": str(result), "failed": bool(failed)}), flush=True)

    def check_error(self, method, call, expected, run, **attributes):
        """The call raises exactly this class, with these attributes."""

        def raised():
            try:
                given = run()
            except expected as error:
                assert type(error) is expected, f"{type(error)} instead of {expected}"
                for name, value in attributes.items():
                    assert getattr(error, name) == value, f"{name} is {getattr(error, name)!r}, not {value!r}"
                assert str(error), "an error without words"
                assert "[{" not in str(error), "a list of schema errors where the SDK expects words"
                return f"{expected.__name__} {getattr(error, 'status_code', '') or ''}: {error}"
            raise AssertionError(f"no error, but {given!r}")

        self.check(method, call, raised)

    def check_all_were_called(self, prefix, owner):
        """No public method of the class was forgotten: a new version of the SDK may have more."""

        def complete():
            public = [name for name, _ in inspect.getmembers(owner, inspect.isfunction) if not name.startswith("_")]
            missing = [name for name in public if prefix + name not in _called]
            assert not missing, f"never called: {missing}"
            return ", ".join(public)

        self.check(prefix + "*", "every public method was called", complete)


def need(condition, *seen):
    assert condition, f"seen: {seen!r}"


if sys.version_info < (3, 8):
    sys.exit("the published SDK needs Python 3.8")
