"""`watchbill demo`: the whole product with phones in the browser, and a story that plays by itself."""
