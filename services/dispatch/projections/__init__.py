"""From events to what dispatch looks up.

rulebook.py  the rulebook's latest words
work.py      the work list: cases, and their tasks
pool.py      the open pool
places.py    what places are called
"""

from services.dispatch.admissions.projections import PROJECTIONS as ADMISSIONS
from services.dispatch.campaigns.projections import PROJECTIONS as CAMPAIGNS
from services.dispatch.clocks.projections import PROJECTIONS as CLOCKS
from services.dispatch.projections.places import PLACES
from services.dispatch.projections.pool import POOL
from services.dispatch.projections.rulebook import RULEBOOK
from services.dispatch.projections.work import WORK
from services.dispatch.remedies.projections import PROJECTIONS as REMEDIES
from shared import accounts
from shared.projections import Projection

PROJECTIONS: tuple[Projection, ...] = (
    RULEBOOK,
    WORK,
    POOL,
    PLACES,
    *CLOCKS,
    *ADMISSIONS,
    *REMEDIES,
    *CAMPAIGNS,
    accounts.projection("dispatch"),
)
