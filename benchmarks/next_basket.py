"""Two methods of the literature for the next basket, written from their papers; each scores every product by customer.

TIFU-KNN: H. Hu, X. He, J. Gao, Z. Zhang, "Modeling Personalized Item Frequency Information for Next-basket
Recommendation", SIGIR 2020. UP-CF@r: G. Faggioli, M. Polato, F. Aiolli, "Recency Aware Collaborative Filtering for Next
Basket Recommendation", UMAP 2020. A basket is what a customer bought in a week.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Ints = NDArray[np.integer]
_BLOCK = 512  # customers at a time


@dataclass(frozen=True)
class Baskets:
    """What was bought: customer and product as codes from 0, and how many baskets `ago` (0: the customer's newest)."""

    customer: Ints
    product: Ints
    ago: Ints
    shape: tuple[int, int]

    @classmethod
    def of(cls, customer: Ints, product: Ints, week: Ints, shape: tuple[int, int]) -> Baskets:
        """From triples of customer, product and week, in any order; what was bought twice in a week counts once."""
        customer, week, product = np.unique(np.stack([customer, week, product]), axis=1)
        first = np.flatnonzero(np.diff(customer, prepend=-1))
        opens = (np.diff(week, prepend=-1) != 0) | (np.diff(customer, prepend=-1) != 0)
        number = np.cumsum(opens)
        sizes = np.diff(np.append(first, len(customer)))
        last = np.repeat(number[np.append(first[1:], len(customer)) - 1], sizes)
        return cls(customer, product, last - number, shape)

    @property
    def counts(self) -> Ints:
        """How many baskets each customer has."""
        found = np.zeros(self.shape[0], dtype=np.int64)
        np.maximum.at(found, self.customer, self.ago + 1)
        return found

    def matrix(self, weight: NDArray[np.floating]) -> sparse.csr_matrix:
        """Customers by products, the weights of what was bought summed."""
        return sparse.csr_matrix((weight, (self.customer, self.product)), shape=self.shape)


def tifu_knn(
    baskets: Baskets, *, groups: int, within: float, between: float, neighbours: int, own: float
) -> NDArray[np.float64]:
    """Scores (customers, products): one's own decayed frequencies, and the mean of those who are nearest to one.

    The baskets of a customer are cut into `groups` of about as many each (a customer with fewer has one a group);
    `within` and `between` are the decays by basket in a group and by group, and `own` the weight of one's own
    frequencies (m, r_b, r_g and alpha of the paper). Who has no basket is nobody's neighbour.
    """
    counts = baskets.counts
    nobody, count = counts == 0, counts[baskets.customer]
    many = np.minimum(groups, count)
    group = baskets.ago * many // count
    first = -(-group * count // many)  # the newest basket of the group
    size = -(-(group + 1) * count // many) - first
    weight = within ** (baskets.ago - first) / size * between**group / many
    most = max(1, min(neighbours, int((~nobody).sum()) - 1))
    vectors = baskets.matrix(weight)
    square = np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel()
    scores = np.empty(baskets.shape)
    for start in range(0, baskets.shape[0], _BLOCK):
        some = slice(start, start + _BLOCK)
        distance = square[some, None] + square[None, :] - 2.0 * (vectors[some] @ vectors.T).toarray()
        rows = np.arange(distance.shape[0])
        distance[rows, start + rows] = np.inf
        distance[:, nobody] = np.inf
        nearest = np.argpartition(distance, most - 1, axis=1)[:, :most]
        picked = sparse.csr_matrix(
            (np.full(nearest.size, 1.0 / nearest.shape[1]), (np.repeat(rows, nearest.shape[1]), nearest.ravel())),
            shape=(len(rows), baskets.shape[0]),
        )
        scores[some] = own * vectors[some].toarray() + (1.0 - own) * (picked @ vectors).toarray()
    return scores


def up_cf(baskets: Baskets, *, recent: int, asymmetry: float, locality: float) -> NDArray[np.float64]:
    """Scores (customers, products): how often those who are like one bought it in their `recent` newest baskets.

    Likeness is the asymmetric cosine of all that was ever bought (`asymmetry` 0.5 is the usual one) to the power of
    `locality` (r, alpha and q of the paper).
    """
    often = baskets.matrix((baskets.ago < recent) / np.minimum(recent, baskets.counts)[baskets.customer])
    ever = baskets.matrix(np.ones(len(baskets.customer)))
    ever.data[:] = 1.0
    size = np.maximum(1.0, np.asarray(ever.sum(axis=1)).ravel())
    scores = np.empty(baskets.shape)
    for start in range(0, baskets.shape[0], _BLOCK):
        some = slice(start, start + _BLOCK)
        common = (ever[some] @ ever.T).toarray()
        alike = common / (size[some, None] ** asymmetry * size[None, :] ** (1.0 - asymmetry))
        scores[some] = (often.T @ (alike**locality).T).T
    return scores
