import Link from "next/link";

import { PageTitle } from "@/bell/page-title";
import { buttonStyle } from "@/ui/button";
import { Empty } from "@/ui/states";

export default function NotFound() {
  return (
    <>
      <PageTitle>Not found</PageTitle>
      <h1 className="sr-only">Not found</h1>
      <Empty title="There is nothing at this address">
        <p className="mb-6">It may have moved, or the link is not whole.</p>
        <Link href="/" className={buttonStyle("primary")}>
          Back to the feed
        </Link>
      </Empty>
    </>
  );
}
