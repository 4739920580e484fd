"""Room rule: one file a command: arguments in, text and an exit code out.

In here: parsers, what is printed where, exit codes. Must not come in: rules about tasks and leases;
a command asks ``bootstrap`` for a World and calls one function of a lower room. This is one of the
three places that catch broadly (``app.main``); the other two are the wrapper and a server request.
"""
