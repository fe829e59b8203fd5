"""The energydesk interface: a FastAPI-style, snake_case relative of OpenADR 3.0.1, over the VTN's own store.

Programs, events, vens and resources are the same objects that the standard interfaces show; `book` keeps beside them
what only this dialect knows. Events that only ask for reports are not shown: the dialect has no word for them.

Beyond what clients of the dialect are known to use there are three look-ups, for whoever wants to see what became of
a request: `GET /vens?ven_name=` and `GET /resources?ven_name=` (what this client has registered), and
`GET /reports?skip=&limit=` (business logic only).
"""
