"""On the path of the tests' workers: a server on this machine stands for one of the public internet, which cannot be had here."""

import dure.remote

dure.remote.is_public = lambda _address: True
