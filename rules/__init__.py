"""What needs no learning: budgets, patterns, business rules, and the cascade over them. Knows no Kafka."""
