"""The operations of one WebSocket: how many run at a time, and whose fault it is when one can't be answered."""

from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import SubscribeMessage
from typing_extensions import override  # typing has it from Python 3.12 on

from graph.errors import ErrorCode, Presenter, coded


class SocketOperations(BaseGraphQLTransportWSHandler[object, None]):
    """strawberry's handler; an operation too many is told with a code, and a client that is gone is not in the log."""

    @override
    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        most = self.max_subscriptions_per_connection
        is_one_more = self.connection_acknowledged and message["id"] not in self.operations
        if most is None or len(self.operations) < most or not is_one_more:
            await super().handle_subscribe(message)
            return
        error = coded(
            f"A socket has at most {most} operations at a time.",
            ErrorCode.LIMIT_EXCEEDED,
            limit="socket_operations",
            maximum=most,
        )
        await self.send_message({"id": message["id"], "type": "error", "payload": [error.formatted]})

    @override
    async def handle_task_exception(self, error: Exception) -> None:
        if not isinstance(error, WebSocketDisconnected):
            Presenter().present(error)  # which logs what nobody foresaw, under an id
