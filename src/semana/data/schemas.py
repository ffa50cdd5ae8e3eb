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
WEEKDAY = "weekday"  # 1 = Monday

# Purchases: what a (customer, product, week) adds up to.
LINES = "lines"
ORDERS = "orders"
RETURNED = "returned"
LAST_DATE = "last_date"

# A purchase's place in the past: weeks since the pair's purchase before, weeks in a row, the customer's nth order week.
GAP = "gap"
IN_A_ROW = "in_a_row"
ORDER_WEEK = "order_week"

# Attribute rows taken from a flat file carry the day they were seen.
SEEN = "seen"
ARRIVED = "_arrived"
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

# Whether the customer's list is made and scored but not shown: an experiment's, on publications and training rows.
HELD_OUT = "held_out"

PAIR = [CUSTOMER_ID, PRODUCT_ID]

# A fixed whole number of an id, by which samples are drawn.
DRAW = "draw"

# Features: what is known of a pair before a week. Of the pair ...
WEEKS_BOUGHT = "weeks_bought"
DECAYED_WEEKS = "decayed_weeks"
WEEKS_BY_HALF_LIFE = {weeks: f"weeks_half_life_{weeks}" for weeks in (1, 2, 4, 8, 16, 32)}
WEEKS_OF_LAST = {weeks: f"weeks_of_last_{weeks}" for weeks in (2, 4, 8, 13, 26)}
WEEKS_OF_LAST_4 = WEEKS_OF_LAST[4]
SHARE_OF_WEEKS = "share_of_weeks"
SHARE_OF_ACTIVE_WEEKS = "share_of_active_weeks"
SHARE_BY_HALF_LIFE = {weeks: f"share_half_life_{weeks}" for weeks in (2, 8, 16)}
PAIR_WEEKS = "pair_weeks"
WEEKS_SINCE = "weeks_since"
DAYS_SINCE = "days_since"
GAPS_SINCE = "gaps_since"
LAST_GAP = "last_gap"
LARGEST_GAP = "largest_gap"
GAP_SPREAD = "gap_spread"
PAST_RHYTHM = "past_rhythm"
STREAK = "streak"
ORDERS_SINCE = "orders_since"
SHARE_OF_ORDERS = "share_of_orders"
LAST_QUANTITY_RATIO = "last_quantity_ratio"
WEEKS_OF_SUPPLY = "weeks_of_supply"
RETURNED_WEEKS = "returned_weeks"
TOGETHER = "together"
TOGETHER_BEST = "together_best"
TOGETHER_PRODUCTS = "together_products"
AFFINITY = "affinity"
AFFINITY_BEST = "affinity_best"
SEGMENT_POPULARITY = "segment_popularity"
SEGMENT_POPULARITY_BEST = "segment_popularity_best"
WEEKS_LAST_YEAR = "weeks_last_year"
# ... of the customer ...
CUSTOMER_DECAYED_WEEKS = "customer_decayed_weeks"
CUSTOMER_BY_HALF_LIFE = {weeks: f"customer_half_life_{weeks}" for weeks in (1, 2, 4, 8, 16)}
CUSTOMER_PRODUCTS = "customer_products"
CUSTOMER_PRODUCTS_AGO = {weeks: f"customer_products_{weeks}_ago" for weeks in (1, 2, 3, 4)}
CUSTOMER_PRODUCTS_BY_HALF_LIFE = {weeks: f"customer_products_half_life_{weeks}" for weeks in (4, 16)}
CUSTOMER_PRODUCTS_SPREAD = "customer_products_spread"
CUSTOMER_NEW_SHARE = "customer_new_share"
CUSTOMER_WEEKS_SINCE = "customer_weeks_since"
CUSTOMER_DAYS_SINCE = "customer_days_since"
CUSTOMER_WEEKS = "customer_weeks"
CUSTOMER_ORDER_SHARE = "customer_order_share"
CUSTOMER_GAP = "customer_gap"
CUSTOMER_GAPS_SINCE = "customer_gaps_since"
CUSTOMER_HOLIDAY_SHARE = "customer_holiday_share"
# ... of the product ...
POPULARITY = "popularity"
PRODUCT_DECAYED_CUSTOMERS = "product_decayed_customers"
PRODUCT_BY_HALF_LIFE = {weeks: f"product_half_life_{weeks}" for weeks in (1, 2, 4, 8, 16)}
PRODUCT_LAST_WEEK = "product_last_week"
PRODUCT_TREND = "product_trend"
PRODUCT_SLOW_TREND = "product_slow_trend"
PRODUCT_NEW_SHARE = "product_new_share"
PRODUCT_AGAIN_NEXT_WEEK = "product_again_next_week"
PRODUCT_AGAIN = "product_again"
PRODUCT_WEEKS_PER_BUYER = "product_weeks_per_buyer"
PRODUCT_GAP = "product_gap"
PRODUCT_WEEKS = "product_weeks"
PRODUCT_WEEKS_SINCE = "product_weeks_since"
PRODUCT_LAST_YEAR = "product_last_year"
# ... and of the week itself.
WEEK_HOLIDAYS = "week_holidays"
WEEK_TRADING_DAYS = "week_trading_days"
LAST_WEEK_HOLIDAYS = "last_week_holidays"
