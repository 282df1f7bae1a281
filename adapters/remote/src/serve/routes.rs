//! One table of endpoints: the router and the published document are both made from it.

use axum::routing::{MethodRouter, get, post};

use super::{Shared, handlers};

/// What goes in or comes out, as a name in the document's schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Capabilities,
    SiteInventory,
    Surroundings,
    OperationRequest,
    OutcomeReceipt,
    OutcomeNothing,
    OutcomeToken,
    OpStatus,
    Query,
    Observed,
    FenceRequest,
    Health,
}

/// One method of one path.
pub(crate) struct Endpoint {
    /// Below the protocol's root.
    pub(crate) path: &'static str,
    /// `get` or `post`.
    pub(crate) method: &'static str,
    /// Its id in the document.
    pub(crate) id: &'static str,
    /// One line.
    pub(crate) summary: &'static str,
    /// What one has to know.
    pub(crate) description: &'static str,
    /// Request body.
    pub(crate) request: Option<Body>,
    /// Body of a 200.
    pub(crate) response: Body,
    /// What answers.
    pub(crate) handler: MethodRouter<Shared>,
}

/// All of them.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut all = looking();
    all.extend(acting());
    all
}

fn looking() -> Vec<Endpoint> {
    vec![
        Endpoint {
            path: "/health",
            method: "get",
            id: "health",
            summary: "Whether the agent runs",
            description: "Needs no token and says nothing of the site.",
            request: None,
            response: Body::Health,
            handler: get(handlers::health),
        },
        Endpoint {
            path: "/capabilities",
            method: "get",
            id: "capabilities",
            summary: "What the site can do",
            description: "Every operation that is not listed is answered with `refused`, class \
                          `unsupported`. The fence level of an operation says how an old token is \
                          kept from having its effect.",
            request: None,
            response: Body::Capabilities,
            handler: get(handlers::capabilities),
        },
        Endpoint {
            path: "/inventory",
            method: "get",
            id: "inventory",
            summary: "Everything at the site",
            description: "Volumes and consistency groups are this site's legs; the peer reports \
                          its own under the same ids.",
            request: None,
            response: Body::SiteInventory,
            handler: get(handlers::inventory),
        },
        Endpoint {
            path: "/surroundings",
            method: "get",
            id: "surroundings",
            summary: "Links and witnesses",
            description: "As measured from this site.",
            request: None,
            response: Body::Surroundings,
            handler: get(handlers::surroundings),
        },
        Endpoint {
            path: "/query",
            method: "post",
            id: "query",
            summary: "Look at one object",
            description: "Changes nothing. The answer says when it was observed and which \
                          operations on the object have not had their effect yet.",
            request: Some(Body::Query),
            response: Body::Observed,
            handler: post(handlers::query),
        },
    ]
}

fn acting() -> Vec<Endpoint> {
    vec![
        Endpoint {
            path: "/operations",
            method: "post",
            id: "execute",
            summary: "Do it",
            description: "The same operation id with the same operation gives the same answer, \
                          also after a restart and also five at once; with another operation it \
                          is refused. `refused` means that definitely nothing changed, now or by \
                          an earlier request of this operation id. Whoever gets no 200 knows \
                          nothing: ask `operation`, or read back with `query`. The header \
                          `muster-time-left` holds the milliseconds that the deadline leaves by \
                          the caller's clock; where it is there, the deadline counts from when \
                          the request came in, whatever the two clocks show.",
            request: Some(Body::OperationRequest),
            response: Body::OutcomeReceipt,
            handler: post(handlers::execute),
        },
        Endpoint {
            path: "/operations/{run}/{step}/{attempt}",
            method: "get",
            id: "operation",
            summary: "What became of an operation",
            description: "The three segments are the text form of the operation id. \
                          `attempt` has a leading `u` for an undo.",
            request: None,
            response: Body::OpStatus,
            handler: get(handlers::operation),
        },
        Endpoint {
            path: "/operations/{run}/{step}/{attempt}/cancel",
            method: "post",
            id: "cancel",
            summary: "Ask to stop an operation",
            description: "`done` where it had not started, and never will, or was undone; \
                          `refused` where it has ended; `unknown` otherwise.",
            request: None,
            response: Body::OutcomeNothing,
            handler: post(handlers::cancel),
        },
        Endpoint {
            path: "/fence",
            method: "post",
            id: "raiseFence",
            summary: "Make everything older impossible",
            description: "After `done` nothing in the domain that carries a lower token has an \
                          effect any more, also not one that was accepted before. Answers with \
                          the floor that now holds, which is higher where somebody was faster.",
            request: Some(Body::FenceRequest),
            response: Body::OutcomeToken,
            handler: post(handlers::raise_fence),
        },
    ]
}
