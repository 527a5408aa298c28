"""Entry points for functions-framework, e.g. `functions-framework --asgi --source functions/main.py --target health`.

Each is made, and its module imported, only when it is the target; `all_functions` serves them all by path.
"""

import gc
import os
import sys

# Looking for Pydantic's plugins reads the metadata of every package that is installed; there are none of ours.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def __getattr__(name: str) -> object:
    # What is imported stays: the garbage collector need not look at it, now or later, nor in a process that is forked.
    gc.disable()
    from showcase.routes import entry_point
    from showcase.settings import SettingsError

    try:
        handler = entry_point(name)
    except SettingsError as error:
        sys.exit(str(error))
    finally:
        gc.freeze()
        # Answers leave next to no cycles behind: looked for a tenth as often, a fortieth of a request's time.
        gc.set_threshold(10_000, 10, 10)
        gc.enable()
    globals()[name] = handler
    return handler
