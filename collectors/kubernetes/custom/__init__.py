"""What is kept of the resources that others define: the table, its rows, and the paths that they are made of?"""
