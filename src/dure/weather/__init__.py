"""The weather service and its archive: forecasts fetched and kept before the service forgets them."""
