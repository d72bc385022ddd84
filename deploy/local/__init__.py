"""The private stack of one machine: PostgreSQL, RabbitMQ, nginx and our own processes under one run directory.

places       where things are kept, and where they may be kept
words        Chinese and English for the people who read the terminal
progress     what is being done right now, on stderr
packages     finds the three servers, installs them when it may
ports        free ports, chosen once
credentials  generated secrets
processes    start, recognise and stop what we started, by process id and start time
postgres  rabbitmq  nginx  supervisor      one private node each
environment  one environment file per process of ours
stack        the order of it all
"""
