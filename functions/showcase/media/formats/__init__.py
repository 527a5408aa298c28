"""The containers and codings of files, read and written without I/O: one module a format, or a part of one."""
