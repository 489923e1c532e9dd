"""Other vocabularies: one module each, reading it into Models and, where it is an exchange format, writing it."""
