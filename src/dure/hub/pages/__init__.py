"""The hub's pages: made on the server, in the reader's language; every one has a twin in JSON under `/api/v1`."""

from dure.hub.pages import account, board, evidence, front, judge, problems, projects, runs, services

ROUTERS = tuple(
    module.router for module in (front, judge, board, projects, problems, runs, services, evidence, account)
)
