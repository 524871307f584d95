"""Korean and English: texts marked where they are written, looked up when they are shown."""
