"""The rules that `.ci/tidy` checks."""
