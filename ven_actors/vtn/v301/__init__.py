"""OpenADR 3.0.1 on the wire (openadr3.yaml, objects and endpoints), over the same objects as 3.1.0.

No prose of 3.0.1 defines an object privacy, so there is none here: a token with the scope sees and changes
everything, vens and reports of others too. What 3.0.1 can say and 3.1.0 cannot is kept beside the 3.1.0 form, so
that what came through this interface is answered as it was sent; `to_310` and `from_310` translate the rest.
"""
