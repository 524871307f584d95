"""On the path of the tests' workers: a server on this machine stands for one of the public internet, which cannot be had here."""

from dure.trial import own_network_guard

own_network_guard.is_public = lambda _address: True
