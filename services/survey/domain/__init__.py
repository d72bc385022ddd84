"""The rules of survey, without input or output.

feedback.py     the reporter is asked once per closing, and answers once
counted.py      what is counted: one row per report, case, task, clock and question
counting.py     what the events of an issue do to these rows
indicators.py   every figure of GB/T 30428.4 practice as two questions to those rows: the numerator and the denominator
scores.py       figures → points, as cities publish them
appraisals.py   figures published for a window, and restated as a new version
flags.py        facts beside a case that somebody should look at
"""
