"""Grid 网格: the ground itself, the check of what was handled (任务核查), and the five-level views of everything.

Writes:  area-<path>, grid-<code>, appointment-<id>, duty-<id>, emergency-<area>, visit-<id>, account-<name>,
         check-<id>
Hears:   case.sent_to_check (asks for a check); its projections take report.*, case.*, task.*, check.*, feedback.*
Serves:  /api/v1/areas, /api/v1/grids, /api/v1/appointments, /api/v1/staffing, /api/v1/checks, /api/v1/spot-checks,
         /api/v1/duty, /api/v1/emergencies, /api/v1/visits, /api/v1/field/visits, /api/v1/views, /api/v1/timeline,
         /api/v1/accounts;
         pages: home, /login, /logout, /session, /account, /look, /areas, /wall, /live, /about/licences, /checks
"""
