"""Brings in reports that another system kept: read, mapped by a file of the city's, appended as history."""
