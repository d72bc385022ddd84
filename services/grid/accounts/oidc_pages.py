"""The way to the city's identity provider and back."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar
from urllib.parse import parse_qs

from services.grid.accounts import oidc
from services.grid.accounts.browsers import RENEWAL_PATH, Browsers
from services.grid.accounts.oidc import Provider
from services.grid.room import PAGES
from shared.kernel.errors import Forbidden, NotFound, Unauthenticated
from shared.kernel.wording import Wording
from shared.pages.page import local_address, page, to
from shared.web import cookies
from shared.web.call import ANYONE, Call, Reply

_COOKIE = "wuji_going"
_WITHIN = timedelta(minutes=10)


class OidcPages(Browsers):
    """统一身份认证."""

    _provider: ClassVar[Provider | None] = None

    @page("GET", f"{RENEWAL_PATH}/oidc", summary="To the identity provider", roles=ANYONE)
    def go_to_provider(self, call: Call) -> Reply:
        """Leads the browser there; what it has to bring back it keeps for ten minutes."""
        going = self.provider.send()
        where = local_address(_given(call, "next"))
        kept = cookies.write(_COOKIE, oidc.kept(going, where), secure=self._secure, lifetime=_WITHIN, path=RENEWAL_PATH)
        return to(going.address, kept)

    @page("GET", f"{RENEWAL_PATH}/oidc/done", summary="Back from the identity provider", roles=ANYONE)
    def come_back(self, call: Call) -> Reply:
        """Whoever brings back what we sent, and for whom the provider's word holds, is signed in."""
        try:
            state, nonce, verifier, where = oidc.read_kept(call.cookies.get(_COOKIE, ""))
            if _given(call, "state") != state or _given(call, "error"):
                said = Wording("身份认证没有完成", "the identity provider did not let you in")
                raise Unauthenticated(f"{said} {_given(call, 'error')}".strip())
            person = self.provider.receive(_given(call, "code"), nonce, verifier)
        except (Unauthenticated, Forbidden) as error:
            return PAGES.render(
                call, "login.html", status=403, next="/", wrong=str(error), account="", oidc=True, visitors=()
            )
        gone = cookies.forget(_COOKIE, secure=self._secure, path=RENEWAL_PATH)
        return to(local_address(where), gone, *self._open(person.asker, person.name, call, issuer=person.issuer))

    @property
    def provider(self) -> Provider:
        """The one provider of this process. Raises NotFound when the city has none."""
        if not self.has_provider:
            raise NotFound("no identity provider is configured here", where="WUJI_OIDC_ISSUER")
        if OidcPages._provider is None:
            OidcPages._provider = Provider(self.settings)
        return OidcPages._provider


def _given(call: Call, name: str) -> str:
    """A parameter of the address. Providers add some of their own, so nobody is strict here."""
    return parse_qs(call.address.partition("?")[2]).get(name, [""])[0]
