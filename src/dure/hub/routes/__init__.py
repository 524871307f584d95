"""The API's routes, by what they are about; each says which role it needs."""
