"""The officers' pages at `/console`: server-rendered views of what the API's own functions answer.

Nothing here reads a table by itself that the API reads too: a page calls the route's function, so permission, tenant
and audit are the same for people as for programs.
"""
