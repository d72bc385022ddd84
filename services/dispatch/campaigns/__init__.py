"""Campaigns 专项行动: an effort that ends, and what lasted of it 突击→长效.

domain.py       one campaign, its states and rules      handlers.py     every command
doors.py        /api/v1/campaigns                       schemas.py      what they take and give
projections.py  the register                            queries.py      the register, and the figures of one
pages.py        /campaigns
"""
