"""For how long end users' tokens are good is a setting, which the mutation keeps to and its description names."""

from httpx2 import ASGITransport, AsyncClient

from db.database import Database
from graph.app import create_app
from graph.schema import sdl
from graph.settings import PREFIX, Settings

GRANT = """mutation ($seconds: Int) {
  createUserToken(input: {userId: "ann", expiresInSeconds: $seconds}) { token userErrors { code message } }
}"""


async def granted(database: Database, settings: Settings, seconds: int) -> list[str]:
    """What is wrong with a token for so long."""
    app = create_app(settings, database=database)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://localhost:8000") as client,
    ):
        answer = await client.post("/graphql", json={"query": GRANT, "variables": {"seconds": seconds}})
    payload = answer.json()["data"]["createUserToken"]
    assert (payload["token"] is None) == bool(payload["userErrors"])
    return [f"{error['code']} {error['message']}" for error in payload["userErrors"]]


async def test_a_token_is_good_for_as_long_as_the_setting_says_and_no_longer(database: Database) -> None:
    for hours, settings in ((720, Settings()), (1, Settings(user_token_hours=1))):
        longest = hours * 3600
        assert await granted(database, settings, longest) == []
        (problem,) = await granted(database, settings, longest + 1)
        assert problem.startswith("OUT_OF_RANGE")
        assert f"{longest:,}" in problem


def test_its_description_names_the_setting_and_its_default() -> None:
    (told,) = [line for line in sdl().splitlines() if "how long the token is good" in line]
    assert f"`{PREFIX}USER_TOKEN_HOURS`" in told
    assert Settings.model_fields["user_token_hours"].default == 30 * 24
    assert "30 days" in told
