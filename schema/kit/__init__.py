"""The parts that every noun of the graph is made of: fields, pages, nodes, results, scalars."""
