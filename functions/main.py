"""Entry points for functions-framework, e.g. `functions-framework --asgi --source functions/main.py --target health`.

Each is made, and its module imported, only when it is the target; `all_functions` serves them all by path.
"""

import sys


def __getattr__(name: str) -> object:
    from showcase.routes import entry_point
    from showcase.settings import SettingsError

    try:
        handler = entry_point(name)
    except SettingsError as error:
        sys.exit(str(error))
    globals()[name] = handler
    return handler
