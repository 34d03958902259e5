"""From a file to a scenario: YAML with line and column, and a sentence for each mistake."""
