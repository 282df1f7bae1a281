//! The simulated world: sites, arrays, hypervisors, links and a witness, with data and faults.
