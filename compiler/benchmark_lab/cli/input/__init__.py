"""The input of commands: options, the project, inventories, and the origin of a run."""
