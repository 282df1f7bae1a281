//! One integration binary over the whole product.
