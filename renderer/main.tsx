import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import './tokens.css';
import './base.css';
import { CSPProvider } from '@base-ui/react/csp-provider';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { pickClient } from './client/pick.ts';
import { ClientContext } from './store/ask.ts';
import { follow } from './store/run.ts';

const client = pickClient();
follow(client);

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      {/* The content policy allows no style elements made at run time. */}
      <CSPProvider disableStyleElements>
        <ClientContext value={client}>
          <App />
        </ClientContext>
      </CSPProvider>
    </StrictMode>,
  );
}
