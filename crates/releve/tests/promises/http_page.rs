//! `docs/http.md` on the metrics that are there without a request; those that requests make are held where they are made.

use std::collections::BTreeSet;

use simulator::Supplier;

use crate::client::{self, Dialect};
use crate::harness::{Config, Gateway, House};

const PAGE: &str = include_str!("../../../../docs/http.md");

#[tokio::test]
async fn the_page_has_the_metrics_of_deployments_and_no_others() {
    let supplier = Supplier::builder().spawn().await.unwrap();
    let config = Config::new().provider("first", Dialect::OpenAi, &supplier).route("chat", &["first"], "");
    let house = House::new(&config);
    let gateway = Gateway::start(&house);
    let metrics = client::get(gateway.admin, "/metrics", &[]).await;
    let said: BTreeSet<String> = metrics
        .text()
        .lines()
        .filter(|line| line.starts_with("releve_deployment_"))
        .map(|sample| {
            let (name, labels) = sample.split_once('{').unwrap();
            let labels: Vec<String> = labels
                .split('"')
                .step_by(2)
                .filter_map(|part| Some(part.trim_start_matches(',').split_once('=')?.0))
                .map(|label| format!("`{label}`"))
                .collect();
            format!("| `{name}` | gauge | {} |", labels.join(", "))
        })
        .collect();
    assert!(metrics.text().contains("# TYPE releve_deployment_state gauge"), "{}", metrics.text());
    let rows = PAGE.lines().filter(|line| line.starts_with("| `releve_deployment_"));
    let told: BTreeSet<String> =
        rows.map(|row| row.rsplit_once(" | ").unwrap().0.to_owned() + " |").collect();
    assert_eq!(told, said);
}
