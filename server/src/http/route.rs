//! The table of routes. A route cannot be written down without saying who may use it, and the server
//! does not start with a table that is not whole: everything is denied unless it stands here.

mod info;

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, on};

use super::frame::{frame, not_allowed, not_found};
use super::gate::{Gate, Guard, Surface, guard};
pub use info::{Access, Info, Method, TableError};

/// Bytes of a body that are read at most.
pub(super) const MAX_BODY: usize = 8 * 1024 * 1024;

/// A table of routes with their handlers.
#[derive(Debug)]
pub struct Table<S> {
    surface: Surface,
    routes: Vec<(Info, MethodRouter<S>)>,
}

/// One verb for each method. The handler answers this method alone, so that none gets round what its
/// line says.
macro_rules! verbs {
    ($($(#[$doc:meta])* $verb:ident = $method:ident, $once:literal;)*) => {
        impl<S: Clone + Send + Sync + 'static> Table<S> {
            $($(#[$doc])*
            #[must_use]
            pub fn $verb<H, T>(self, path: &'static str, access: Access, handler: H) -> Table<S>
            where
                H: Handler<T, S>,
                T: 'static,
            {
                self.line(Method::$method, path, access, $once, handler)
            })*
        }
    };
}

verbs! {
    /// Reads something.
    get = Get, false;
    /// Makes or does something.
    post = Post, false;
    /// Makes or does something; with an `Idempotency-Key` once, however often it is sent. Its answer
    /// is stored for a day, so it must hold no secret.
    post_once = Post, true;
    /// Replaces something.
    put = Put, false;
    /// Changes a part of something.
    patch = Patch, false;
    /// Removes something.
    delete = Delete, false;
}

impl<S: Clone + Send + Sync + 'static> Table<S> {
    /// Routes for programs.
    pub fn api() -> Table<S> {
        Table { surface: Surface::Api, routes: Vec::new() }
    }

    /// Routes for people.
    pub fn pages() -> Table<S> {
        Table { surface: Surface::Page, routes: Vec::new() }
    }

    fn line<H, T>(
        mut self,
        method: Method,
        path: &'static str,
        access: Access,
        once: bool,
        handler: H,
    ) -> Table<S>
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let info = Info { method, path, access, surface: self.surface, once };
        self.routes.push((info, on(method.filter(), handler)));
        self
    }

    /// Both tables.
    #[must_use]
    pub fn and(mut self, other: Table<S>) -> Table<S> {
        self.routes.extend(other.routes);
        self
    }

    /// The lines of the table, for documents and tests.
    pub fn lines(&self) -> impl Iterator<Item = &Info> {
        self.routes.iter().map(|(info, _)| info)
    }

    /// The whole server: every route behind its guard, and the frame around them.
    ///
    /// # Errors
    /// Where the table is not whole.
    pub fn serve(self, gate: &Gate, state: S) -> Result<Router, TableError> {
        let routes = self.routes(gate)?.with_state(state);
        // A layer of the router itself would stand behind the choice of the route; the frame stands
        // before it, and can send a request another way.
        let around = from_fn_with_state(gate.clone(), frame);
        Ok(Router::new().fallback_service(routes).layer(around))
    }

    fn routes(self, gate: &Gate) -> Result<Router<S>, TableError> {
        self.check()?;
        let mut router = Router::new();
        for (info, handler) in self.routes {
            let Info { path, access, surface, once, .. } = info;
            let guarding = Guard { gate: gate.clone(), access, surface, once };
            router = router.route(path, handler.route_layer(from_fn_with_state(guarding, guard)));
        }
        Ok(router
            .fallback(not_found)
            .method_not_allowed_fallback(not_allowed)
            .layer(DefaultBodyLimit::max(MAX_BODY)))
    }

    fn check(&self) -> Result<(), TableError> {
        let mut seen = BTreeSet::new();
        for info in self.lines() {
            let name = info.to_string();
            if !info.path.starts_with('/') {
                return Err(TableError::NoPath(name));
            }
            if info.access == Access::AnyOf(&[]) {
                return Err(TableError::NoPrivilege(name));
            }
            if info.once && info.access == Access::Public {
                return Err(TableError::NotOnce(name));
            }
            if !seen.insert(name.clone()) {
                return Err(TableError::Twice(name));
            }
        }
        Ok(())
    }
}
