"""The hub's pages: made on the server, in the reader's language; every one has a twin in JSON under `/api/v1`."""

from . import board, evidence, front, judge, projects, runs

ROUTERS = tuple(each.router for each in (front, judge, board, projects, runs, evidence))
