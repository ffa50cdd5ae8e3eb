"""Every column name of our tables, spelled once."""

CUSTOMER_ID = "customer_id"
PRODUCT_ID = "product_id"
DATE = "date"
ORDER_ID = "order_id"
QUANTITY = "quantity"
AMOUNT = "amount"

# An ISO week as a whole number: weeks since the Monday before 1970-01-01 (`weeks.Week.index`).
WEEK = "week"
WEEK_START = "week_start"

# Purchases: what a (customer, product, week) adds up to.
LINES = "lines"
ORDERS = "orders"
RETURNED = "returned"
LAST_DATE = "last_date"

# Attribute rows taken from a flat file carry the day they were seen.
SEEN = "seen"
DELIVERY = "delivery"
POSITION = "position"

# Names for people, and the agent or zone that a customer belongs to.
LABEL = "label"
OWNER = "owner"

# A row of a delivery that broke a rule.
REASON = "reason"

# Candidate pairs, scores and the published list.
REPEAT = "repeat"
BOUGHT = "bought"
WEIGHT = "weight"
SCORE = "score"
PROBABILITY = "probability"
RANK = "rank"
RECOMMENDED = "recommended"
KIND = "kind"
EXPECTED_QUANTITY = "expected_quantity"
EXPECTED_AMOUNT = "expected_amount"
LAST_BOUGHT = "last_bought"
USUAL_GAP_DAYS = "usual_gap_days"
USUAL_QUANTITY = "usual_quantity"
USUAL_AMOUNT = "usual_amount"
REASONS = "reasons"
MODEL_VERSION = "model_version"

PAIR = [CUSTOMER_ID, PRODUCT_ID]

# Features: what is known of a pair before a week.
WEEKS_BOUGHT = "weeks_bought"
DECAYED_WEEKS = "decayed_weeks"
WEEKS_OF_LAST_4 = "weeks_of_last_4"
SHARE_OF_WEEKS = "share_of_weeks"
SHARE_OF_ACTIVE_WEEKS = "share_of_active_weeks"
CUSTOMER_DECAYED_WEEKS = "customer_decayed_weeks"
CUSTOMER_PRODUCTS = "customer_products"
WEEKS_SINCE = "weeks_since"
GAPS_SINCE = "gaps_since"
CUSTOMER_WEEKS_SINCE = "customer_weeks_since"
POPULARITY = "popularity"
PRODUCT_DECAYED_CUSTOMERS = "product_decayed_customers"
RETURNED_WEEKS = "returned_weeks"
