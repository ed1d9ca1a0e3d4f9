"""Texts that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable

from segsync.config import Config
from segsync.errors import Problem

GOOD = """\
config_version = 1
[shop]
timezone = "America/New_York"
currency = "USD"
[sources.shopify]
shop = "acme"
[destinations.klaviyo]
[segments.vip]
label = "VIP customers"
rule = "number_of_orders >= 3"
[segments.vip.to.klaviyo]
"""

Read = Callable[..., Config]
Refused = Callable[..., tuple[Problem, ...]]

FULL = """\
config_version = 1

[shop]
timezone = "America/New_York"
currency = "USD"
country = "US"
[shop.rates]
EUR = 1.08
GBP = 1.27

[identity]
max_customers = 8
[guards]
max_stale = "36h"
max_new_profiles = 1000
[warehouse]
memory_limit = "4GB"

[sources.shopify]
shop = "acme"
[sources.shopify_eu]
connector = "shopify"
shop = "acme-eu"
timezone = "Europe/Berlin"
currency = "EUR"
access_token = "file:secrets/eu"

[destinations.klaviyo]
base_url = "http://127.0.0.1:1"

[segments.vip]
label = "VIP customers"
description = "Our best"
renamed_from = "best"
rule = '''
number_of_orders >= 3 -- many
  AND amount_spent > 500
'''
[segments.vip.to.klaviyo]
audience = "A"
description = "Made by segsync"
purpose = "exclude"
mode = "add-only"
consent = "none"
adopt = true
verify_every = "12h"
max_removed = 0.5
max_added = 3
lookalikes = ["US"]

[segments.plain]
rule = "number_of_orders = 0"
to.klaviyo = {}
"""
