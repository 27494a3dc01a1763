//! Products, and the one that stands for requests without a key.

use std::sync::Arc;
use std::time::Duration;

use catalogue::Region;
use gateway::snapshot::{Product, ProductIndex, RouteIndex, Store, Unpriced};

use crate::config::Config;
use crate::config::problem::{Problem, Problems, did_you_mean};
use crate::config::product::{self, WithoutPrice};
use crate::config::value::{At, Named};
use crate::resolve::{Resolved, budgets};

/// The products, and which of them serves without a key.
pub(super) struct Products {
    pub(super) list: Vec<Product>,
    pub(super) keyless: Option<ProductIndex>,
}

/// The name of the product of requests without a key, where the file does not have exactly one.
const LOCAL: &str = "local";

/// How long responses are kept where nothing is said, as `OpenAI` keeps them.
const STORE_FOR: Duration = Duration::from_hours(30 * 24);

/// The file's products in its order. On a loopback address one more stands last, for requests without a key while no
/// key was ever issued: as the file's only product, if it has just one, else free to use every route; always free to
/// name deployments. What a product has spent under the `previous` configuration it has spent under this one.
pub(super) fn build(config: &Config, previous: Option<&Resolved>, problems: &Problems) -> Products {
    let mut list: Vec<Product> =
        config.products.iter().map(|named| resolved(named, config, problems)).collect();
    for product in &mut list {
        let before = previous.and_then(|previous| {
            previous.snapshot.products.iter().find(|before| before.name == product.name)
        });
        product.budget = before.map(|before| Arc::clone(&before.budget)).unwrap_or_default();
    }
    let keyless = config.server.listen.ip().is_loopback().then(|| {
        list.push(match list.as_slice() {
            [only] => Product { name: Arc::clone(&only.name), direct: true, ..clone(only) },
            _ => local(),
        });
        list.len() - 1
    });
    Products { list, keyless }
}

fn resolved(named: &Named<product::Product>, config: &Config, problems: &Problems) -> Product {
    let body = &named.body;
    let find = |route: &At<String>| route_index(route, config, problems);
    if body.routes.as_ref().is_some_and(Vec::is_empty)
        && !body.direct.as_ref().is_some_and(|direct| direct.value)
    {
        let what = format!("the product \"{}\" may use no route", named.name.value);
        problems.add(
            Problem::warning(&named.name.at, what).mend("name routes, or leave the key out for all of them"),
        );
    }
    let default_route = body.default_route.as_ref().and_then(|route| Some((route, find(route)?)));
    let routes: Option<Vec<RouteIndex>> =
        body.routes.as_ref().map(|routes| routes.iter().filter_map(find).collect());
    if let Some((route, index)) = default_route
        && routes.as_ref().is_some_and(|routes| !routes.contains(&index))
    {
        let what =
            format!("default_route \"{}\" is not among the routes of \"{}\"", route.value, named.name.value);
        problems
            .add(Problem::error(&route.at, what).mend("add it to routes, or name one of them").consequence());
    }
    approvals(named, config, problems);
    Product {
        name: named.name.value.as_str().into(),
        routes,
        default_route: default_route.map(|(_, index)| index),
        regions: body.regions.iter().map(|region| region.value.clone()).collect(),
        direct: body.direct.as_ref().is_some_and(|direct| direct.value),
        unpriced: match body.unpriced.as_ref().map(|unpriced| unpriced.value) {
            Some(WithoutPrice::Refuse) => Unpriced::Refuse,
            Some(WithoutPrice::Allow) | None => Unpriced::Allow,
        },
        allowance: body.budget.as_ref().and_then(|budget| budgets::allowance(budget, config, problems)),
        budget: Arc::default(),
        store: store(named, config, problems),
        store_for: body.store_for.as_ref().map_or(STORE_FOR, |period| period.0),
    }
}

/// Who keeps its responses. What is kept here lies where this server is, so a rule for regions holds for that too.
fn store(named: &Named<product::Product>, config: &Config, problems: &Problems) -> Store {
    let (name, body) = (&named.name.value, &named.body);
    if let Some(period) = body.store_for.as_ref().filter(|period| period.0.is_zero()) {
        let what = "store_for = \"0s\" keeps nothing";
        problems.add(Problem::error(&period.at, what).mend("write how long, or store = false"));
    }
    let Some(store) = &body.store else { return Store::Suppliers };
    let allowed = |region: &At<Region>| body.regions.iter().any(|wider| region.within(wider));
    if store.keeps() && !body.regions.is_empty() {
        let rule = body.regions.iter().map(|region| region.as_str()).collect::<Vec<_>>().join(", ");
        let kept = format!("\"{name}\" may be served in {rule} only, and its responses would be kept here");
        match &config.server.region {
            None => problems.add(
                Problem::error(&store.at, format!("{kept}, where server.region does not say"))
                    .mend("say where this server's disk is: region = \"...\" in [server]"),
            ),
            Some(region) if !allowed(region) => problems.add(
                Problem::error(&store.at, format!("{kept}, in {}", region.as_str()))
                    .mend("take store out, or keep them at a server in a region of the product's"),
            ),
            Some(_) => {}
        }
    }
    match store.value {
        product::Store::Always => Store::Always,
        product::Store::Never => Store::Never,
        product::Store::Client => Store::Client,
    }
}

/// Whether what is approved is anything that a route lists.
fn approvals(named: &Named<product::Product>, config: &Config, problems: &Problems) {
    let listed = || {
        let entries = config.routes.iter().flat_map(|route| &route.body.deployments);
        entries.filter_map(|entry| entry.target.as_ref()).map(|target| target.value.as_str())
    };
    for approval in &named.body.approved {
        let target = &approval.target;
        if listed().any(|known| known == target.value) {
            continue;
        }
        let mend = did_you_mean(target, listed())
            .unwrap_or_else(|| "name it as a route lists it, or add it to one".to_owned());
        let what = format!("approved: no route lists \"{}\"", target.value);
        problems.add(Problem::error(&target.at, what).mend(mend).consequence());
    }
}

fn route_index(route: &At<String>, config: &Config, problems: &Problems) -> Option<RouteIndex> {
    let found = config.routes.iter().position(|named| named.name.value == route.value);
    if found.is_none() {
        let known = || config.routes.iter().map(|named| named.name.as_str());
        let mend = did_you_mean(route, known())
            .unwrap_or_else(|| format!("add [routes.{}], or name one that is there", route.value));
        problems.add(Problem::error(&route.at, format!("there is no route \"{}\"", route.value)).mend(mend));
    }
    found
}

fn local() -> Product {
    Product {
        name: LOCAL.into(),
        routes: None,
        default_route: None,
        regions: Arc::new([]),
        direct: true,
        unpriced: Unpriced::Allow,
        allowance: None,
        budget: Arc::default(),
        store: Store::Suppliers,
        store_for: STORE_FOR,
    }
}

fn clone(product: &Product) -> Product {
    Product {
        name: Arc::clone(&product.name),
        routes: product.routes.clone(),
        default_route: product.default_route,
        regions: Arc::clone(&product.regions),
        direct: product.direct,
        unpriced: product.unpriced,
        allowance: product.allowance.clone(),
        budget: Arc::clone(&product.budget),
        store: product.store,
        store_for: product.store_for,
    }
}
