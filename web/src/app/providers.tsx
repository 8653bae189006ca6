"use client";

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { adoptReader, SESSION } from "@/accounts/session";
import { ApiError } from "@/api/errors";
import { InboxProvider } from "@/bell/inbox-provider";
import { Announcements } from "@/ui/announcements";

function makeClient(): QueryClient {
  const onError = (error: Error) => {
    if (error instanceof ApiError && error.status === 401) {
      void client.invalidateQueries({ queryKey: SESSION });
    }
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError, onSuccess: () => adoptReader(client) }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        // What the server has refused it will refuse again; what went wrong may go right.
        retry: (failures, error) =>
          failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
      },
    },
  });
  return client;
}

export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(makeClient);
  return (
    <QueryClientProvider client={client}>
      <Announcements>
        <InboxProvider>{children}</InboxProvider>
      </Announcements>
    </QueryClientProvider>
  );
}
